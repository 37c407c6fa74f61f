package io.expertmesh.gateway.transport.http;

import org.springframework.core.Ordered;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Begins every exchange on another thread than the connection's. Reactor Netty 1.3.6 stops reading
 * a kept-alive connection if a request that waited behind another one is answered from within the
 * call that hands it over (reactor-netty issue 4361); an answer from another thread never is.
 */
public final class OffTheEventLoop implements WebFilter, Ordered {
  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    return Mono.defer(() -> chain.filter(exchange)).subscribeOn(Schedulers.parallel());
  }
}
