package io.expertmesh.protocol.app;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * Notices that the process that started this one is gone: the parent holds the other end of our
 * standard input and never writes, so the stream ends when the parent ends, however it died.
 */
public final class ParentWatch {
  private static final System.Logger LOG = System.getLogger(ParentWatch.class.getName());

  private final InputStream parent;
  private final Runnable gone;

  ParentWatch(InputStream parent, Runnable gone) {
    this.parent = Objects.requireNonNull(parent, "parent");
    this.gone = Objects.requireNonNull(gone, "gone");
  }

  /**
   * Starts a daemon thread that ends this process in an orderly way (shutdown hooks run) when
   * standard input ends. To be called only where {@code expertmesh.exit-with-parent} is set: a
   * process started without an input would end at once.
   */
  public static void exitWithParent() {
    new ParentWatch(
            System.in,
            () -> {
              LOG.log(
                  System.Logger.Level.INFO, "Standard input ended: the parent is gone, exiting");
              System.exit(0);
            })
        .start();
  }

  Thread start() {
    return Thread.ofPlatform().daemon().name("parent-watch").start(this::watch);
  }

  private void watch() {
    byte[] ignored = new byte[256];
    try {
      while (parent.read(ignored) >= 0) {
        // What the parent writes has no meaning; only the end of the stream has.
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Standard input failed: " + e.getMessage());
    }
    gone.run();
  }
}
