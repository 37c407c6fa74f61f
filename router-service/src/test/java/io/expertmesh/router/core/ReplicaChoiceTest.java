package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ReplicaChoiceTest {
  private final RoutedModel model = Fixtures.model(4, 2);
  private final ReplicaChoice choice = new ReplicaChoice(new Random(7));

  @Test
  void theBusiestIsNeverChosenAndTheIdlestMostOften() {
    Replica[] replicas = {replica("a", 30), replica("b", 10), replica("c", 20)};
    int[] chosen = new int[3];
    for (int i = 0; i < 3000; i++) {
      Replica one = choice.choose(replicas, ExpertCall.NOT_TRIED);
      chosen[one == replicas[0] ? 0 : one == replicas[1] ? 1 : 2]++;
    }
    assertThat(chosen[0]).isZero();
    // of three pairs of two, the idlest is in two
    assertThat(chosen[1]).isBetween(1850, 2150);
    assertThat(chosen[2]).isBetween(850, 1150);
  }

  @Test
  void replicasThatWereTriedAreNotChosenAgain() {
    Replica a = replica("a", 0);
    Replica b = replica("b", 99);
    Replica[] both = {a, b};
    for (int i = 0; i < 50; i++) {
      assertThat(choice.choose(both, new Replica[] {a})).isSameAs(b);
    }
    assertThat(choice.choose(both, both)).isNull();
    assertThat(choice.choose(new Replica[0], ExpertCall.NOT_TRIED)).isNull();
  }

  @Test
  void equalReplicasShareTheWork() {
    Replica[] replicas = {replica("a", 0), replica("b", 0)};
    int first = 0;
    for (int i = 0; i < 2000; i++) {
      first += choice.choose(replicas, ExpertCall.NOT_TRIED) == replicas[0] ? 1 : 0;
    }
    assertThat(first).isBetween(850, 1150);
  }

  private Replica replica(String id, int inFlight) {
    Replica replica = new Replica(Fixtures.offer(model, id, "s", 0, 2), model.layers());
    replica.addInFlight(inFlight);
    return replica;
  }
}
