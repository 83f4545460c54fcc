/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mcf - a minimum-cost flow through a generated network, by LEMON's network
 * simplex: the algorithm of SPEC's 429.mcf. Its functions are not inlined into each
 * other, so that a profile names them.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <lemon/list_graph.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>
#include <vector>

namespace {

std::uint64_t state = 429;

int draw(int limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return static_cast<int>((state * 0x2545f4914f6cdd1dull >> 33) % static_cast<unsigned>(limit));
}

} // namespace

int main(int argc, char **argv)
{
	const int nodes = argc == 2 ? std::atoi(argv[1]) : 0;
	if (nodes < 4) {
		std::fprintf(stderr, "usage: mcf NODES\n");
		return 2;
	}
	lemon::SmartDigraph graph;
	std::vector<lemon::SmartDigraph::Node> node;
	for (int i = 0; i < nodes; i++)
		node.push_back(graph.addNode());
	lemon::SmartDigraph::ArcMap<long> cost(graph), capacity(graph);
	lemon::SmartDigraph::NodeMap<long> supply(graph);
	const auto connect = [&](int from, int to, long most, long price) {
		const auto arc = graph.addArc(node[from], node[to]);
		capacity[arc] = most;
		cost[arc] = price;
	};
	// A ring makes every supply feasible; chords make it worth thinking.
	for (int i = 0; i < nodes; i++) {
		connect(i, (i + 1) % nodes, 1000000, 500 + draw(500));
		for (int k = 0; k < 6; k++)
			connect(i, draw(nodes), 1 + draw(50), 1 + draw(1000));
	}
	for (int i = 0; i + 1 < nodes; i += 2) {
		const long amount = draw(20);
		supply[node[i]] = amount;
		supply[node[i + 1]] = -amount;
	}
	lemon::NetworkSimplex<lemon::SmartDigraph, long, long> simplex(graph);
	simplex.upperMap(capacity).costMap(cost).supplyMap(supply);
	const auto status = simplex.run();
	std::printf("status %d cost %ld\n", static_cast<int>(status), simplex.totalCost<long>());
	return 0;
}
