package io.expertmesh.gateway.core.tenant;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.gateway.core.response.RequestObserver;
import io.expertmesh.gateway.core.response.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TenantTokensTest {
  private final TenantTokens tokens = new TenantTokens();

  @Test
  void whatWasAddedIsTakenOnce() {
    tokens.add("acme", 3);
    tokens.add("acme", 4);
    tokens.add("", 2);

    assertThat(tokens.take()).isEqualTo(Map.of("acme", 7L, "anonymous", 2L));
    assertThat(tokens.take()).isEmpty();
  }

  @Test
  void howManyNamesClientsInventTheSumIsTrueAndTheTableSmall() {
    tokens.add("large", 1000);
    for (int i = 0; i < 5000; i++) {
      tokens.add("invented-" + i, 1);
    }

    Map<String, Long> told = tokens.take();

    assertThat(told).hasSizeLessThanOrEqualTo(TenantTokens.MOST_TOLD + 1);
    assertThat(told.get("large")).isEqualTo(1000);
    assertThat(told.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(6000);
  }

  @Test
  void aRequestCountsItsTokensAsTheyComeAndItsPromptAtTheEnd() {
    List<String> heard = new ArrayList<>();
    TenantObserver observer = new TenantObserver(new Heard(heard), tokens, "acme");

    observer.firstToken(1);
    observer.nextToken(2);
    assertThat(tokens.take()).isEqualTo(Map.of("acme", 2L));
    observer.over("ok", 3, new Usage(10, 5, 0));

    assertThat(tokens.take()).isEqualTo(Map.of("acme", 13L));
    assertThat(heard).containsExactly("first 1", "next 2", "over ok 3");
  }

  private record Heard(List<String> lines) implements RequestObserver {
    @Override
    public void firstToken(long nanosSinceStart) {
      lines.add("first " + nanosSinceStart);
    }

    @Override
    public void nextToken(long nanosSinceLast) {
      lines.add("next " + nanosSinceLast);
    }

    @Override
    public void over(String outcome, long nanosSinceStart, Usage usage) {
      lines.add("over " + outcome + " " + nanosSinceStart);
    }
  }
}
