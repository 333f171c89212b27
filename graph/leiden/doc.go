// Package leiden finds communities in a weighted, undirected graph: sets of nodes with more weight among them than a null model
// grants. It is the Leiden algorithm of Traag, Waltman and van Eck (From Louvain to Leiden: guaranteeing well-connected communities,
// Scientific Reports 9, 5233, 2019), which unlike Louvain never returns a community that falls apart.
//
// Two objectives are there. With e the weight of the edges inside a community:
//
//   - [CPM], the constant Potts model: Σ e − γ·n(n−1)/2 over communities of n nodes, pairs unordered. γ is the least density that a
//     community has inside and the greatest between two of them. It is the one to use for small dense groups in a large graph. (igraph
//     sums over ordered pairs, 2e − γn², with the same optimum at the same γ.)
//   - [Modularity], (1/m)·Σ e − γ·K²/4m, K the sum of degrees in the community, m that of all weights. It cannot see groups with fewer than about
//     √2m edges, whatever their density.
//
// The result is a function of graph, options and seed alone. It uses one core: a parallel local move gives another result for each
// interleaving, and the same decisions from the same journal are worth more here than the second core.
//
// [Update] starts from an earlier result and a set of nodes around which the graph has changed; it visits those nodes, whoever is
// affected by their moves, and the communities these touch, and leaves all else as it was.
package leiden
