/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * soplex - a generated transport problem, solved by GLPK's simplex: the algorithm
 * of SPEC's 450.soplex.
 */
#include <glpk.h>

#include "report.h"

/* Sources and targets; each arc costs something, supplies and demands are met. */
int main(int argc, char **argv)
{
	int n = steps_of(argc, argv), arcs = n * n;
	int *row = calloc((size_t)arcs * 2 + 1, sizeof(int));
	int *column = calloc((size_t)arcs * 2 + 1, sizeof(int));
	double *value = calloc((size_t)arcs * 2 + 1, sizeof(double));
	uint64_t seed = 450;
	glp_prob *problem = glp_create_prob();
	glp_smcp how;

	if (!row || !column || !value)
		return 3;
	glp_term_out(GLP_OFF);
	glp_set_obj_dir(problem, GLP_MIN);
	glp_add_rows(problem, 2 * n);
	glp_add_cols(problem, arcs);
	for (int i = 1; i <= n; i++) {
		double amount = 1 + (int)(draw(&seed) * 50);

		glp_set_row_bnds(problem, i, GLP_UP, 0, amount + 25);
		glp_set_row_bnds(problem, n + i, GLP_LO, amount, 0);
	}
	for (int i = 1; i <= n; i++)
		for (int j = 1; j <= n; j++) {
			int arc = (i - 1) * n + j;

			glp_set_col_bnds(problem, arc, GLP_LO, 0, 0);
			glp_set_obj_coef(problem, arc, 1 + (int)(draw(&seed) * 100));
			row[2 * arc - 1] = i;
			row[2 * arc] = n + j;
			column[2 * arc - 1] = column[2 * arc] = arc;
			value[2 * arc - 1] = value[2 * arc] = 1;
		}
	glp_load_matrix(problem, 2 * arcs, row, column, value);
	glp_init_smcp(&how);
	how.msg_lev = GLP_MSG_OFF;
	if (glp_simplex(problem, &how))
		return 3;
	printf("status %d\n", glp_get_status(problem));
	/* whole numbers, so the sum is exact in any order */
	printf("cost %.3f\n", glp_get_obj_val(problem));
	return 0;
}
