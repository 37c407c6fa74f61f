package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.request.GenerationRequest;
import io.expertmesh.gateway.core.response.Desk;
import io.expertmesh.gateway.core.tenant.TenantNames;
import io.expertmesh.protocol.core.trace.Tracing;
import java.net.URI;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.cloud.gateway.filter.GlobalFilter;
import org.springframework.cloud.gateway.support.ServerWebExchangeUtils;
import org.springframework.core.Ordered;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Routes of the scheme {@code mesh}: the host names what the mesh shall do, and the answer is
 * produced here instead of being fetched over HTTP.
 */
public final class MeshRouting implements GlobalFilter, Ordered {
  private final GenerateEndpoint generate;
  private final TokenEndpoint tokens;

  public MeshRouting(
      Desk desk,
      GenerationEngine engine,
      Scheduler worker,
      HttpLimits limits,
      GatewayMetrics metrics,
      TenantNames tenants,
      Tracing tracing) {
    this.generate = new GenerateEndpoint(desk, engine, worker, limits, metrics, tenants, tracing);
    this.tokens = new TokenEndpoint(desk, worker);
  }

  @Override
  public int getOrder() {
    return Ordered.LOWEST_PRECEDENCE - 10;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
    URI target = exchange.getAttribute(ServerWebExchangeUtils.GATEWAY_REQUEST_URL_ATTR);
    if (target == null
        || !"mesh".equals(target.getScheme())
        || ServerWebExchangeUtils.isAlreadyRouted(exchange)) {
      return chain.filter(exchange);
    }
    ServerWebExchangeUtils.setAlreadyRouted(exchange);
    byte[] body = BodyReader.body(exchange);
    return switch (target.getHost()) {
      case "completions" -> generate.answer(exchange, GenerationRequest.Api.COMPLETIONS, body);
      case "chat" -> generate.answer(exchange, GenerationRequest.Api.CHAT, body);
      case "routing" -> generate.answer(exchange, GenerationRequest.Api.ROUTING, body);
      case "tokenize" -> tokens.tokenize(exchange, body);
      case "detokenize" -> tokens.detokenize(exchange, body);
      default -> Mono.error(new ResponseStatusException(HttpStatus.NOT_FOUND));
    };
  }
}
