package io.expertmesh.gateway.app;

import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.generation.ResumingEngine;
import io.expertmesh.gateway.core.request.RequestLimits;
import io.expertmesh.gateway.core.response.Desk;
import io.expertmesh.gateway.core.response.TextSide;
import io.expertmesh.gateway.core.template.ChatTemplates;
import io.expertmesh.gateway.core.text.Tokenizer;
import io.expertmesh.gateway.transport.engine.AttentionReplicas;
import io.expertmesh.gateway.transport.tokenizer.DjlTokenizer;
import io.expertmesh.gateway.transport.tokenizer.NativeCache;
import io.expertmesh.gateway.transport.tokenizer.TokenizerFiles;
import io.expertmesh.model.transport.CheckpointFetch;
import io.expertmesh.protocol.app.TlsSettings;
import io.expertmesh.protocol.app.TracingSettings;
import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** The gateway without HTTP: replicas, tokenizer, plans. */
@Configuration(proxyBeanMethods = false)
class EngineConfiguration {

  @Bean(destroyMethod = "close")
  MeshCredentials meshCredentials(Environment environment) {
    return TlsSettings.credentials(environment);
  }

  @Bean(destroyMethod = "close")
  MeshNetty meshNetty(MeshCredentials credentials) {
    return new MeshNetty("gateway-mesh", credentials);
  }

  /** Closed after what makes spans. */
  @Bean(destroyMethod = "close")
  Tracing tracing() {
    return TracingSettings.tracing(
        System::getenv, "gateway", "gateway-" + ProcessHandle.current().pid());
  }

  /** Handles generated tokens: detokenizing and JSON, never waiting. */
  @Bean(destroyMethod = "shutdownNow")
  ExecutorService tokenExecutor(GatewaySettings settings) {
    return Executors.newFixedThreadPool(
        threads(settings), Thread.ofPlatform().name("gateway-tokens-", 0).daemon().factory());
  }

  @Bean(destroyMethod = "close")
  AttentionReplicas attentionReplicas(
      GatewaySettings settings, MeshNetty netty, ExecutorService tokenExecutor, Tracing tracing) {
    AttentionReplicas replicas =
        new AttentionReplicas(settings.gateway().attention(), netty, tokenExecutor, tracing);
    replicas.start(settings.gateway().pollMillis(), settings.servedName());
    return replicas;
  }

  @Bean
  GenerationEngine generationEngine(AttentionReplicas replicas, GatewaySettings settings) {
    return new ResumingEngine(
        replicas.board(), replicas.timer(), settings.gateway().resumePatience().toMillis());
  }

  @Bean
  TextSide textSide(GatewaySettings settings) throws IOException {
    if (!settings.modelUrl().isEmpty()) {
      CheckpointFetch.texts(settings.modelUrl(), settings.modelDirectory());
    }
    TokenizerFiles files = TokenizerFiles.of(settings.modelDirectory());
    Tokenizer tokenizer =
        files.hasTokenizer()
            ? DjlTokenizer.open(files, NativeCache.directory(settings.gateway().nativeCache()))
            : null;
    return new TextSide(
        tokenizer,
        ChatTemplates.of(
            files.chatTemplate(), files.specialTokens(), Clock.system(ZoneId.systemDefault())));
  }

  @Bean
  Desk desk(GatewaySettings settings, AttentionReplicas replicas, TextSide text) {
    SecureRandom random = new SecureRandom();
    return new Desk(
        settings.servedName(),
        replicas.board(),
        text,
        requestLimits(settings.gateway().limits()),
        InstantSource.system(),
        random::nextLong);
  }

  static int threads(GatewaySettings settings) {
    int given = settings.gateway().threads();
    return given > 0 ? given : Math.max(2, Runtime.getRuntime().availableProcessors());
  }

  private static RequestLimits requestLimits(GatewaySettings.Limits limits) {
    return new RequestLimits(
        limits.jsonDepth(),
        limits.jsonTokens(),
        limits.choices(),
        limits.generations(),
        limits.stops(),
        limits.stopChars(),
        limits.logitBias(),
        limits.logprobs(),
        limits.scoredValues(),
        limits.routedChoices(),
        limits.streamBytes());
  }
}
