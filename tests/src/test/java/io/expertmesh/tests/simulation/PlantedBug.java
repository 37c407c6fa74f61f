package io.expertmesh.tests.simulation;

import java.util.List;

/**
 * A mistake put into the mesh on purpose.
 *
 * @param what the mistake, in words
 * @param mutations what makes it
 */
record PlantedBug(String what, List<Mutation> mutations) {
  private static final String ATTENTION = "io.expertmesh.attention.core.";
  private static final String ROUTER = "io.expertmesh.router.core.";
  private static final String EXPERT = "io.expertmesh.expert.core.";
  private static final String KERNEL = "io.expertmesh.model.kernel.";

  private static PlantedBug of(
      String what, String className, String method, Mutation.Change change) {
    return new PlantedBug(what, List.of(new Mutation(className, method, change)));
  }

  static List<PlantedBug> all() {
    return List.of(
        of(
            "the rows of a lost replica are not sent to another",
            ROUTER + "Dispatcher",
            "reroute",
            new Mutation.DropCall("retry", 0)),
        of(
            "a late reply is taken for the one to the next call in its slot",
            ROUTER + "InFlight",
            "find",
            new Mutation.IgnoreCondition(2)),
        of(
            "the combiner leaves out the last expert of every row",
            ROUTER + "Combiner",
            "combine",
            new Mutation.AddToResult("start", 1, -1)),
        of(
            "a replica that said it leaves still gets calls",
            ROUTER + "Dispatcher",
            "replicaLeaving",
            new Mutation.DropCall("move", 0)),
        of(
            "a sequence that ends keeps its pages",
            ATTENTION + "Sequence",
            "end",
            new Mutation.DropCall("release", 0)),
        new PlantedBug(
            "the prefix index does not look at the tenant's salt",
            List.of(
                new Mutation(ATTENTION + "PageTable", "reset", new Mutation.DropCall("seed", 0)),
                new Mutation(
                    ATTENTION + "PrefixIndex$Block",
                    "matches",
                    new Mutation.AssumeTrue("equals", 0)))),
        of(
            "the first position of a new page gets no page",
            ATTENTION + "PageTable",
            "pagesFor",
            new Mutation.ChangeConstant(1, 2)),
        of(
            "a preempted sequence keeps its pages",
            ATTENTION + "Sequence",
            "preempt",
            new Mutation.DropCall("release", 0)),
        of(
            "a full ring of waiting pairs overwrites its oldest one",
            EXPERT + "PairRing",
            "add",
            new Mutation.DropCall("grow", 0)),
        of(
            "a replica starts calls whose deadline passed while they waited",
            EXPERT + "BatchQueue",
            "fill",
            new Mutation.DropCall("isExpired", 0)),
        of(
            "equal gate probabilities go to the higher expert",
            KERNEL + "Ranking",
            "before",
            new Mutation.InvertBranch(3)),
        of(
            "answers from other weights are taken",
            ROUTER + "Dispatcher",
            "accept",
            new Mutation.DropCall("fault", 0)));
  }

  @Override
  public String toString() {
    return what;
  }
}
