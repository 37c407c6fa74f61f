package io.expertmesh.gateway.core.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TenantNamesTest {
  /** SHA-256 of {@code secret}. */
  private static final String SECRET =
      "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

  @Test
  void aKeyIsNamedByItsHash() {
    TenantNames names = TenantNames.of("", List.of("acme=" + SECRET));

    assertThat(names.tenant("Bearer secret", null)).isEqualTo("acme");
    assertThat(names.tenant("bearer  secret ", null)).isEqualTo("acme");
  }

  @Test
  void aKeyWithoutANameIsCalledByTheBeginningOfItsHash() {
    TenantNames names = TenantNames.of("", List.of());

    assertThat(names.tenant("Bearer secret", null)).isEqualTo("key-2bb80d537b1d");
    assertThat(names.tenant("Bearer other", null)).startsWith("key-").doesNotContain("other");
  }

  @Test
  void whoNamesNobodyHasNoTenant() {
    TenantNames names = TenantNames.of("", List.of("acme=" + SECRET));

    assertThat(names.tenant(null, null)).isEqualTo(TenantNames.NOBODY);
    assertThat(names.tenant("Basic c2VjcmV0", null)).isEqualTo(TenantNames.NOBODY);
  }

  @Test
  void aHeaderCountsOnlyWhereOneIsConfiguredAndThenBeforeTheKey() {
    assertThat(TenantNames.of("", List.of()).tenant(null, "acme")).isEqualTo(TenantNames.NOBODY);
    assertThat(TenantNames.of("X-Tenant", List.of()).tenant("Bearer secret", "shop.eu"))
        .isEqualTo("shop.eu");
  }

  @Test
  void aHeaderThatIsNoNameIsRefusedByItsName() {
    TenantNames names = TenantNames.of("X-Tenant", List.of());

    for (String wrong : List.of("", "a b", "-a", "a".repeat(64), "ä")) {
      assertThatThrownBy(() -> names.tenant(null, wrong)).hasMessageContaining("'X-Tenant'");
    }
  }

  @Test
  void anEntryThatIsNoHashIsRefusedByItsText() {
    for (String wrong : List.of("acme", "acme=secret", "=" + SECRET, "a b=" + SECRET)) {
      assertThatThrownBy(() -> TenantNames.of("", List.of(wrong)))
          .hasMessageContaining("expertmesh.gateway.tenants")
          .hasMessageContaining("'" + wrong + "'");
    }
  }
}
