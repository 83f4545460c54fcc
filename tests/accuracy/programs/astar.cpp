/* SPDX-License-Identifier: LGPL-2.1-or-later */
// astar - shortest ways through a generated grid with walls, by Boost's A*: the
// algorithm of SPEC's 473.astar.
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/astar_search.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int side = 96;
std::uint64_t state = 473;

unsigned draw(unsigned limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return static_cast<unsigned>(state * 0x2545f4914f6cdd1dull >> 33) % limit;
}

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
				    boost::property<boost::edge_weight_t, int>>;
using Vertex = boost::graph_traits<Graph>::vertex_descriptor;

struct Distance : boost::astar_heuristic<Graph, int> {
	explicit Distance(Vertex to) : goal(to) {}
	int operator()(Vertex v) const
	{
		const int x = static_cast<int>(v % side) - static_cast<int>(goal % side);
		const int y = static_cast<int>(v / side) - static_cast<int>(goal / side);
		return std::abs(x) + std::abs(y);
	}
	Vertex goal;
};

struct Found {
};

struct Visitor : boost::default_astar_visitor {
	explicit Visitor(Vertex to) : goal(to) {}
	template <typename G> void examine_vertex(Vertex v, const G &)
	{
		if (v == goal)
			throw Found();
	}
	Vertex goal;
};

} // namespace

int main(int argc, char **argv)
{
	const int searches = argc == 2 ? std::atoi(argv[1]) : 0;
	if (searches <= 0) {
		std::fprintf(stderr, "usage: astar SEARCHES\n");
		return 2;
	}
	Graph graph(side * side);
	for (Vertex v = 0; v < side * side; v++) {
		if (v % side + 1 < side && draw(100) >= 12)
			add_edge(v, v + 1, 1 + static_cast<int>(draw(9)), graph);
		if (v + side < side * side && draw(100) >= 12)
			add_edge(v, v + side, 1 + static_cast<int>(draw(9)), graph);
	}
	long sum = 0, missed = 0;
	std::vector<Vertex> from(num_vertices(graph));
	std::vector<int> length(num_vertices(graph));
	for (int i = 0; i < searches; i++) {
		const Vertex start = draw(side * side), goal = draw(side * side);
		try {
			astar_search(graph, start, Distance(goal),
				     boost::predecessor_map(from.data())
					     .distance_map(length.data())
					     .visitor(Visitor(goal)));
			missed++;
		} catch (const Found &) {
			sum += length[goal];
		}
	}
	std::printf("length %ld missed %ld\n", sum, missed);
	return 0;
}
