/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lbm - a fluid in a box whose lid moves, by the lattice Boltzmann method (D3Q19,
 * one relaxation time): the method of SPEC's 470.lbm.
 */
#include <string.h>

#include "report.h"

#define N 20
#define Q 19
#define OMEGA 1.85
#define LID 0.05

static const int c[Q][3] = {
	{ 0, 0, 0 }, { 1, 0, 0 }, { -1, 0, 0 }, { 0, 1, 0 }, { 0, -1, 0 },
	{ 0, 0, 1 }, { 0, 0, -1 }, { 1, 1, 0 }, { -1, -1, 0 }, { 1, -1, 0 },
	{ -1, 1, 0 }, { 1, 0, 1 }, { -1, 0, -1 }, { 1, 0, -1 }, { -1, 0, 1 },
	{ 0, 1, 1 }, { 0, -1, -1 }, { 0, 1, -1 }, { 0, -1, 1 },
};
/* Direction opposite to each. */
static const int back[Q] = { 0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17 };
static double f[2][N][N][N][Q];

static double weight(int q)
{
	return q == 0 ? 1.0 / 3 : q < 7 ? 1.0 / 18 : 1.0 / 36;
}

static void collide(double *cell)
{
	double rho = 0, u[3] = { 0, 0, 0 }, square;

	for (int q = 0; q < Q; q++) {
		rho += cell[q];
		for (int d = 0; d < 3; d++)
			u[d] += c[q][d] * cell[q];
	}
	for (int d = 0; d < 3; d++)
		u[d] /= rho;
	square = u[0] * u[0] + u[1] * u[1] + u[2] * u[2];
	for (int q = 0; q < Q; q++) {
		double cu = c[q][0] * u[0] + c[q][1] * u[1] + c[q][2] * u[2];
		double rest = weight(q) * rho * (1 + 3 * cu + 4.5 * cu * cu - 1.5 * square);

		cell[q] += OMEGA * (rest - cell[q]);
	}
}

static void stream(int from)
{
	for (int x = 0; x < N; x++)
	for (int y = 0; y < N; y++)
	for (int z = 0; z < N; z++)
	for (int q = 0; q < Q; q++) {
		int tx = x + c[q][0], ty = y + c[q][1], tz = z + c[q][2];
		double value = f[from][x][y][z][q];

		if (tx < 0 || tx >= N || ty < 0 || ty >= N || tz < 0 || tz >= N) {
			/* off the wall; the lid gives it some of its speed */
			if (tz >= N)
				value -= 6 * weight(q) * c[q][0] * LID;
			f[!from][x][y][z][back[q]] = value;
		} else {
			f[!from][tx][ty][tz][q] = value;
		}
	}
}

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv), now = 0;
	double mass = 0, flow = 0;

	for (int i = 0; i < N * N * N; i++)
		for (int q = 0; q < Q; q++)
			(&f[0][0][0][0][0])[i * Q + q] = weight(q);
	for (int step = 0; step < steps; step++, now = !now) {
		for (int i = 0; i < N * N * N; i++)
			collide(&f[now][0][0][0][0] + i * Q);
		stream(now);
	}
	for (int i = 0; i < N * N * N; i++)
		for (int q = 0; q < Q; q++) {
			double value = (&f[now][0][0][0][0])[i * Q + q];

			mass += value;
			flow += c[q][0] * value;
		}
	report("mass", mass);
	report("flow", flow);
	return 0;
}
