package io.expertmesh.gateway.app;

import java.util.function.BooleanSupplier;
import org.springframework.context.SmartLifecycle;

/** Knows when the process is about to end: it is stopped first of all, before the web server. */
final class Draining implements SmartLifecycle, BooleanSupplier {
  private volatile boolean running;
  private volatile boolean draining;

  @Override
  public boolean getAsBoolean() {
    return draining;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    draining = true;
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return Integer.MAX_VALUE;
  }
}
