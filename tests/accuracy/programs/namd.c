/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namd - atoms in a periodic box with Lennard-Jones forces from a list of near
 * pairs, by velocity Verlet: the inner loops of SPEC's 444.namd and 435.gromacs.
 */
#include <math.h>

#include "report.h"

#define SIDE 8
#define ATOMS (SIDE * SIDE * SIDE)
#define BOX (SIDE * 1.2)
#define REACH 2.5
#define LISTED 3.0
#define AGAIN 10		/* steps between new lists */

static double at[ATOMS][3], speed[ATOMS][3], force[ATOMS][3];
static int pair[ATOMS * 128][2], pairs;

static double apart(const double *a, const double *b, double *d)
{
	double square = 0;

	for (int i = 0; i < 3; i++) {
		d[i] = a[i] - b[i];
		d[i] -= BOX * floor(d[i] / BOX + 0.5);
		square += d[i] * d[i];
	}
	return square;
}

static void list(void)
{
	double d[3];

	pairs = 0;
	for (int i = 0; i < ATOMS; i++)
		for (int j = i + 1; j < ATOMS; j++)
			if (apart(at[i], at[j], d) < LISTED * LISTED) {
				if (pairs == ATOMS * 128)
					exit(3);
				pair[pairs][0] = i;
				pair[pairs++][1] = j;
			}
}

static double forces(void)
{
	double energy = 0;

	for (int i = 0; i < ATOMS; i++)
		for (int d = 0; d < 3; d++)
			force[i][d] = 0;
	for (int n = 0; n < pairs; n++) {
		double *a = force[pair[n][0]], *b = force[pair[n][1]], d[3];
		double square = apart(at[pair[n][0]], at[pair[n][1]], d);
		double inverse, six, strength;

		if (square >= REACH * REACH)
			continue;
		inverse = 1 / square;
		six = inverse * inverse * inverse;
		strength = 24 * inverse * six * (2 * six - 1);
		energy += 4 * six * (six - 1);
		for (int i = 0; i < 3; i++) {
			a[i] += strength * d[i];
			b[i] -= strength * d[i];
		}
	}
	return energy;
}

int main(int argc, char **argv)
{
	int steps = steps_of(argc, argv);
	double energy = 0, motion = 0, dt = 0.002;
	uint64_t seed = 444;

	for (int i = 0; i < ATOMS; i++) {
		int place[3] = { i % SIDE, i / SIDE % SIDE, i / SIDE / SIDE };

		for (int d = 0; d < 3; d++) {
			at[i][d] = 1.2 * place[d] + 0.05 * draw(&seed);
			speed[i][d] = draw(&seed) - 0.5;
		}
	}
	list();
	forces();
	for (int step = 0; step < steps; step++) {
		if (step % AGAIN == AGAIN - 1)
			list();
		for (int i = 0; i < ATOMS; i++)
			for (int d = 0; d < 3; d++) {
				speed[i][d] += 0.5 * dt * force[i][d];
				at[i][d] += dt * speed[i][d];
			}
		energy = forces();
		for (int i = 0; i < ATOMS; i++)
			for (int d = 0; d < 3; d++)
				speed[i][d] += 0.5 * dt * force[i][d];
	}
	for (int i = 0; i < ATOMS; i++)
		for (int d = 0; d < 3; d++)
			motion += 0.5 * speed[i][d] * speed[i][d];
	report("potential", energy);
	report("kinetic", motion);
	return 0;
}
