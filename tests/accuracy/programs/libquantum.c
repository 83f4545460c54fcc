/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libquantum - the quantum part of Shor's factoring, simulated: the library and
 * the algorithm of SPEC's 462.libquantum.
 */
#include <quantum.h>
#include <stdio.h>
#include <stdlib.h>

/* The library wants OpenMP: here it gets one thread, which is all of it. */
void GOMP_parallel(void (*work)(void *), void *data, unsigned int threads, unsigned int flags)
{
	(void)threads;
	(void)flags;
	work(data);
}

int omp_get_num_threads(void)
{
	return 1;
}

int omp_get_thread_num(void)
{
	return 0;
}

int main(int argc, char **argv)
{
	int number = argc == 2 ? atoi(argv[1]) : 0, width, local;
	quantum_reg reg;

	if (number < 15) {
		fprintf(stderr, "usage: libquantum NUMBER\n");
		return 2;
	}
	srand(462);
	width = quantum_getwidth(number * number);
	local = quantum_getwidth(number);
	reg = quantum_new_qureg(0, width);
	for (int i = 0; i < width; i++)
		quantum_hadamard(i, &reg);
	quantum_addscratch(3 * local + 2, &reg);
	quantum_exp_mod_n(number, 7, width, local, &reg);
	for (int i = 0; i < 3 * local + 2; i++)
		quantum_bmeasure(0, &reg);
	quantum_qft(width, &reg);
	for (int i = 0; i < width / 2; i++) {
		quantum_cnot(i, width - i - 1, &reg);
		quantum_cnot(width - i - 1, i, &reg);
		quantum_cnot(i, width - i - 1, &reg);
	}
	printf("number %d measured %llu\n", number, quantum_measure(reg));
	return 0;
}
