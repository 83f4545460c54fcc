/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cactus - a wave equation on a grid, leapfrog in time and fourth order in space:
 * how SPEC's 436.cactusADM advances its fields.
 */
#include "report.h"

#define N 40

static double field[3][N][N][N];

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv), last = 0, now = 1, next = 2;
	double sum = 0, square = 0;

	for (int i = 0; i < N; i++)
	for (int j = 0; j < N; j++)
	for (int k = 0; k < N; k++) {
		double x = i - N / 2, y = j - N / 2, z = k - N / 2;

		field[0][i][j][k] = field[1][i][j][k] = 1 / (1 + x * x + y * y + z * z);
	}
	for (int step = 0; step < steps; step++) {
		int kept = last;

		for (int i = 2; i < N - 2; i++)
		for (int j = 2; j < N - 2; j++)
		for (int k = 2; k < N - 2; k++) {
			double (*f)[N][N] = field[now];
			double near = f[i + 1][j][k] + f[i - 1][j][k] + f[i][j + 1][k]
				+ f[i][j - 1][k] + f[i][j][k + 1] + f[i][j][k - 1];
			double far = f[i + 2][j][k] + f[i - 2][j][k] + f[i][j + 2][k]
				+ f[i][j - 2][k] + f[i][j][k + 2] + f[i][j][k - 2];

			field[next][i][j][k] = 2 * f[i][j][k] - field[last][i][j][k]
				+ 0.1 * ((16 * near - far) / 12 - 7.5 * f[i][j][k]);
		}
		last = now;
		now = next;
		next = kept;
	}
	for (int i = 0; i < N * N * N; i++) {
		double value = (&field[now][0][0][0])[i];

		sum += value;
		square += value * value;
	}
	report("sum", sum);
	report("square", square);
	return 0;
}
