package io.expertmesh.router.app;

import io.expertmesh.router.transport.RouterReactor;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;

/**
 * Ends the router in order: no new calls, calls in flight are finished, leases and connections are
 * closed. The event comes before the server is stopped, through which the replies go out.
 */
final class RouterShutdown implements ApplicationListener<ContextClosedEvent> {
  private static final Logger LOG = LoggerFactory.getLogger(RouterShutdown.class);
  private static final int DRAIN_SECONDS = 5;
  private static final int CLOSE_SECONDS = 2;

  private final RouterReactor router;

  RouterShutdown(RouterReactor router) {
    this.router = router;
  }

  @Override
  public void onApplicationEvent(ContextClosedEvent event) {
    try {
      router.drain().orTimeout(DRAIN_SECONDS, TimeUnit.SECONDS).join();
    } catch (CompletionException e) {
      LOG.warn("Calls in flight did not end within {} s", DRAIN_SECONDS);
    }
    try {
      router.close().orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS).join();
    } catch (CompletionException e) {
      LOG.warn("Leases did not end within {} s", CLOSE_SECONDS);
    }
  }
}
