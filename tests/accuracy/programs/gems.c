/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gems - electromagnetic waves in a box by finite differences in the time domain
 * (Yee's grid): the method of SPEC's 459.GemsFDTD.
 */
#include "report.h"

#define N 36

static double e[3][N][N][N], h[3][N][N][N];

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv);
	double energy = 0, probe = 0;
	uint64_t seed = 459;

	for (int step = 0; step < steps; step++) {
		for (int i = 1; i < N; i++)
		for (int j = 1; j < N; j++)
		for (int k = 1; k < N; k++) {
			e[0][i][j][k] += 0.5 * (h[2][i][j][k] - h[2][i][j - 1][k]
						- h[1][i][j][k] + h[1][i][j][k - 1]);
			e[1][i][j][k] += 0.5 * (h[0][i][j][k] - h[0][i][j][k - 1]
						- h[2][i][j][k] + h[2][i - 1][j][k]);
			e[2][i][j][k] += 0.5 * (h[1][i][j][k] - h[1][i - 1][j][k]
						- h[0][i][j][k] + h[0][i][j - 1][k]);
		}
		/* the source */
		e[2][N / 2][N / 2][N / 2] += draw(&seed) - 0.5;
		for (int i = 0; i < N - 1; i++)
		for (int j = 0; j < N - 1; j++)
		for (int k = 0; k < N - 1; k++) {
			h[0][i][j][k] -= 0.5 * (e[2][i][j + 1][k] - e[2][i][j][k]
						- e[1][i][j][k + 1] + e[1][i][j][k]);
			h[1][i][j][k] -= 0.5 * (e[0][i][j][k + 1] - e[0][i][j][k]
						- e[2][i + 1][j][k] + e[2][i][j][k]);
			h[2][i][j][k] -= 0.5 * (e[1][i + 1][j][k] - e[1][i][j][k]
						- e[0][i][j + 1][k] + e[0][i][j][k]);
		}
		probe += e[0][N / 3][N / 4][N / 5];
	}
	for (int i = 0; i < 3 * N * N * N; i++)
		energy += (&e[0][0][0][0])[i] * (&e[0][0][0][0])[i]
			+ (&h[0][0][0][0])[i] * (&h[0][0][0][0])[i];
	report("energy", energy);
	report("probe", probe);
	return 0;
}
