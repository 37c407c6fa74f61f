package io.expertmesh.launcher.core;

import java.util.Objects;

/**
 * How far the last change of the placement is, as it is written to the state file.
 *
 * @param id of the request; empty if there was none
 * @param message a sentence
 */
public record Rollout(String id, Stage stage, String message) {
  /** No placement was ever applied to this mesh. */
  public static final Rollout NONE = new Rollout("", Stage.DONE, "");

  /** The stages of a change. */
  public enum Stage {
    /** New expert-services start; all rows go where they went. */
    STARTING,
    /** The new ones serve; those that are no longer wanted finish what they have. */
    DRAINING,
    /** The new placement is in force. */
    DONE,
    /** Refused, or a start failed: the old placement is in force. */
    FAILED
  }

  public Rollout {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(message, "message");
  }

  /** True if nothing more will happen. */
  public boolean ended() {
    return stage == Stage.DONE || stage == Stage.FAILED;
  }
}
