/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * zeusmp - a magnetised gas on a grid: density, momentum and field are advanced
 * by upwind differences, as in magnetohydrodynamics: SPEC's 434.zeusmp.
 */
#include <math.h>
#include <string.h>

#include "report.h"

#define N 24
#define V 7			/* density, momentum, field */

static double now[N][N][N][V], next[N][N][N][V];

static void flux(const double *s, int d, double *out)
{
	double pressure = 0.6 * s[0], total = pressure, along = s[1 + d] / s[0];

	for (int i = 0; i < 3; i++)
		total += 0.5 * s[4 + i] * s[4 + i];
	out[0] = s[1 + d];
	for (int i = 0; i < 3; i++) {
		out[1 + i] = s[1 + i] * along - s[4 + i] * s[4 + d] + (i == d ? total : 0);
		out[4 + i] = along * s[4 + i] - s[1 + i] / s[0] * s[4 + d];
	}
}

static const double *at(int x, int y, int z)
{
	return now[(x + N) % N][(y + N) % N][(z + N) % N];
}

/* One step by Lax and Friedrichs. */
static void step_once(double dt)
{
	for (int x = 0; x < N; x++)
	for (int y = 0; y < N; y++)
	for (int z = 0; z < N; z++) {
		double change[V] = { 0 };

		for (int d = 0; d < 3; d++) {
			const double *up = at(x + (d == 0), y + (d == 1), z + (d == 2));
			const double *down = at(x - (d == 0), y - (d == 1), z - (d == 2));
			double above[V], below[V];

			flux(up, d, above);
			flux(down, d, below);
			for (int v = 0; v < V; v++)
				change[v] += (up[v] + down[v] - 2 * now[x][y][z][v]) / 6
					- 0.5 * dt * (above[v] - below[v]);
		}
		for (int v = 0; v < V; v++)
			next[x][y][z][v] = now[x][y][z][v] + change[v];
	}
	memcpy(now, next, sizeof(now));
}

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv);
	double mass = 0, energy = 0;
	uint64_t seed = 434;

	for (int i = 0; i < N * N * N; i++) {
		double *cell = &now[0][0][0][0] + i * V;

		cell[0] = 1 + 0.1 * draw(&seed);
		for (int v = 1; v < V; v++)
			cell[v] = 0.2 * (draw(&seed) - 0.5);
	}
	for (int step = 0; step < steps; step++)
		step_once(0.05);
	for (int i = 0; i < N * N * N; i++) {
		const double *cell = &now[0][0][0][0] + i * V;

		mass += cell[0];
		for (int v = 1; v < V; v++)
			energy += cell[v] * cell[v];
	}
	report("mass", mass);
	report("energy", sqrt(energy));
	return 0;
}
