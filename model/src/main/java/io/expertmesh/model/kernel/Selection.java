package io.expertmesh.model.kernel;

import java.util.Objects;

/**
 * The kernels of a process and why they were chosen.
 *
 * @param kernels what to compute with
 * @param reason one sentence for the log
 */
public record Selection(Kernels kernels, String reason) {
  public Selection {
    Objects.requireNonNull(kernels, "kernels");
    Objects.requireNonNull(reason, "reason");
  }
}
