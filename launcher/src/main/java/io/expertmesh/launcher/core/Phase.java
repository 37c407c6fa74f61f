package io.expertmesh.launcher.core;

/** Where a mesh is in its life. */
public enum Phase {
  STARTING,
  READY,
  STOPPING,
  FAILED
}
