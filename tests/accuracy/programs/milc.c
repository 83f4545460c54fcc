/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * milc - sweeps over a lattice of complex 3x3 matrices: each link is multiplied
 * with the staples around it, as quantum chromodynamics does: SPEC's 433.milc.
 */
#include <complex.h>

#include "report.h"

#define N 6
#define SITES (N * N * N * N)

typedef double complex matrix[3][3];

static matrix link_[SITES][4];

static int neighbour(int site, int direction)
{
	int stride = 1;

	for (int d = 0; d < direction; d++)
		stride *= N;
	return site / stride % N == N - 1 ? site - (N - 1) * stride : site + stride;
}

static void product(matrix out, matrix a, matrix b)
{
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			double re = 0, im = 0;

			for (int k = 0; k < 3; k++) {
				re += creal(a[i][k]) * creal(b[k][j]) - cimag(a[i][k]) * cimag(b[k][j]);
				im += creal(a[i][k]) * cimag(b[k][j]) + cimag(a[i][k]) * creal(b[k][j]);
			}
			out[i][j] = CMPLX(re, im);
		}
}

static void adjoint(matrix out, matrix a)
{
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			out[i][j] = conj(a[j][i]);
}

/* The real trace of a plaquette, over all of them. */
static double sweep(void)
{
	double sum = 0;

	for (int site = 0; site < SITES; site++)
	for (int mu = 0; mu < 4; mu++)
	for (int nu = mu + 1; nu < 4; nu++) {
		matrix a, b, way, home;

		product(a, link_[site][mu], link_[neighbour(site, mu)][nu]);
		product(b, link_[site][nu], link_[neighbour(site, nu)][mu]);
		adjoint(home, b);
		product(way, a, home);
		for (int i = 0; i < 3; i++)
			sum += creal(way[i][i]);
		/* a small step along it, so that the next sweep finds another field */
		for (int i = 0; i < 3; i++)
			for (int j = 0; j < 3; j++)
				link_[site][mu][i][j] += 1e-4 * way[i][j];
	}
	return sum;
}

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv);
	uint64_t seed = 433;
	double sum = 0;

	for (int i = 0; i < SITES * 4; i++)
		for (int j = 0; j < 9; j++) {
			double re = draw(&seed) - 0.5, im = draw(&seed) - 0.5;

			(&link_[0][0][0][0])[i * 9 + j] = (j % 4 ? 0.1 : 0.9) * CMPLX(re, im);
		}
	for (int step = 0; step < steps; step++)
		sum += sweep();
	report("plaquettes", sum);
	return 0;
}
