/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leslie - a mixing layer: an incompressible flow in a plane by its vorticity, with
 * a Poisson equation solved by over-relaxation each step: the class of SPEC's
 * 437.leslie3d.
 */
#include <math.h>

#include "report.h"

#define N 96
#define SWEEPS 8

static double vorticity[N][N], fresh[N][N], stream[N][N];

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv);
	double whirl = 0, energy = 0, dt = 0.1;
	uint64_t seed = 437;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			double off = (j - N / 2) / 4.0;

			vorticity[i][j] = 1 / (1 + off * off) + 0.05 * (draw(&seed) - 0.5);
		}
	for (int step = 0; step < steps; step++) {
		for (int sweep = 0; sweep < SWEEPS; sweep++)
			for (int i = 0; i < N; i++)
				for (int j = 1; j < N - 1; j++) {
					int right = (i + 1) % N, left = (i + N - 1) % N;

					stream[i][j] += 1.7 * (0.25 * (stream[right][j] + stream[left][j]
						+ stream[i][j + 1] + stream[i][j - 1]
						+ vorticity[i][j]) - stream[i][j]);
				}
		for (int i = 0; i < N; i++)
			for (int j = 1; j < N - 1; j++) {
				int right = (i + 1) % N, left = (i + N - 1) % N;
				double u = 0.5 * (stream[i][j + 1] - stream[i][j - 1]);
				double v = 0.5 * (stream[left][j] - stream[right][j]);
				double dx = u > 0 ? vorticity[i][j] - vorticity[left][j]
						  : vorticity[right][j] - vorticity[i][j];
				double dy = v > 0 ? vorticity[i][j] - vorticity[i][j - 1]
						  : vorticity[i][j + 1] - vorticity[i][j];

				fresh[i][j] = vorticity[i][j] - dt * 0.05 * (u * dx + v * dy);
			}
		for (int i = 0; i < N; i++)
			for (int j = 1; j < N - 1; j++)
				vorticity[i][j] = fresh[i][j];
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			whirl += vorticity[i][j];
			energy += vorticity[i][j] * stream[i][j];
		}
	report("whirl", whirl);
	report("energy", sqrt(fabs(energy)));
	return 0;
}
