/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bwaves - a blast wave's implicit step: a block system on a grid, solved by the
 * stabilised bi-conjugate gradients: the solver of SPEC's 410.bwaves.
 */
#include <math.h>

#include "report.h"

#define N 16
#define B 5
#define SIZE (N * N * N * B)

static double x[SIZE], b[SIZE], r[SIZE], r0[SIZE], p[SIZE], v[SIZE], s[SIZE], t[SIZE];
static double coupling[7][B][B];

static void apply(double *out, const double *in)
{
	static const int step[7][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { -1, 0, 0 }, { 0, 1, 0 },
					{ 0, -1, 0 }, { 0, 0, 1 }, { 0, 0, -1 } };

	for (int i = 0; i < N; i++)
	for (int j = 0; j < N; j++)
	for (int k = 0; k < N; k++) {
		double *to = out + ((i * N + j) * N + k) * B;

		for (int m = 0; m < B; m++)
			to[m] = 0;
		for (int n = 0; n < 7; n++) {
			int ni = (i + step[n][0] + N) % N, nj = (j + step[n][1] + N) % N;
			int nk = (k + step[n][2] + N) % N;
			const double *from = in + ((ni * N + nj) * N + nk) * B;

			for (int m = 0; m < B; m++)
				for (int l = 0; l < B; l++)
					to[m] += coupling[n][m][l] * from[l];
		}
	}
}

static double dot(const double *a, const double *c)
{
	double sum = 0;

	for (int i = 0; i < SIZE; i++)
		sum += a[i] * c[i];
	return sum;
}

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv);
	double rho = 1, alpha = 1, omega = 1;
	uint64_t seed = 410;

	for (int n = 0; n < 7; n++)
		for (int m = 0; m < B; m++)
			for (int l = 0; l < B; l++)
				coupling[n][m][l] = (n == 0 && m == l ? 8 : 0) + 0.3 * (draw(&seed) - 0.5);
	for (int i = 0; i < SIZE; i++)
		r[i] = r0[i] = b[i] = draw(&seed);
	for (int step = 0; step < steps; step++) {
		double last = rho, beta;

		rho = dot(r0, r);
		/* solved: the next right side */
		if (dot(r, r) < 1e-20) {
			for (int i = 0; i < SIZE; i++) {
				b[i] = x[i];
				x[i] = p[i] = v[i] = 0;
				r[i] = r0[i] = b[i];
			}
			rho = alpha = omega = 1;
			continue;
		}
		beta = rho / last * alpha / omega;
		for (int i = 0; i < SIZE; i++)
			p[i] = r[i] + beta * (p[i] - omega * v[i]);
		apply(v, p);
		alpha = rho / dot(r0, v);
		for (int i = 0; i < SIZE; i++)
			s[i] = r[i] - alpha * v[i];
		apply(t, s);
		omega = dot(t, s) / dot(t, t);
		for (int i = 0; i < SIZE; i++) {
			x[i] += alpha * p[i] + omega * s[i];
			r[i] = s[i] - omega * t[i];
		}
	}
	report("solution", sqrt(dot(x, x)));
	report("residue", sqrt(dot(r, r)));
	return 0;
}
