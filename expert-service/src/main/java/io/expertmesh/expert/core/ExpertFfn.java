package io.expertmesh.expert.core;

import io.expertmesh.model.kernel.PackedMatrix;
import java.util.Objects;

/**
 * The packed weights of one expert.
 *
 * @param gateUp {@code [2 × inner, hidden]}: gate rows, then up rows
 * @param down {@code [hidden, inner]}
 */
record ExpertFfn(PackedMatrix gateUp, PackedMatrix down) {
  ExpertFfn {
    Objects.requireNonNull(gateUp, "gateUp");
    Objects.requireNonNull(down, "down");
  }

  int inner() {
    return down.columns();
  }

  int hidden() {
    return down.rows();
  }
}
