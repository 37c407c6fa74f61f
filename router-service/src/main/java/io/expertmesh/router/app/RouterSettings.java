package io.expertmesh.router.app;

import io.expertmesh.router.core.DispatchLimits;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of a router-service.
 *
 * @param model checkpoint directory
 * @param modelUrl where the gates are fetched from to that directory; empty if they are there
 * @param modelId name the model is served under; the directory's name if empty
 * @param provider kernels: auto, scalar, vector or onednn
 * @param dtype type of activations: auto (the checkpoint's), f32 or bf16
 * @param router keys of this kind of service alone
 */
@ConfigurationProperties("expertmesh")
record RouterSettings(
    @DefaultValue("") String model,
    @DefaultValue("") String modelUrl,
    @DefaultValue("") String modelId,
    @DefaultValue("auto") String provider,
    @DefaultValue("auto") String dtype,
    @DefaultValue Router router) {
  RouterSettings {
    if (model.isBlank()) {
      throw new RefusedException("expertmesh.model is not set, must be a checkpoint directory");
    }
  }

  /**
   * What only routers read.
   *
   * @param grouping which rows a policy that is not batch-invariant assigns together: those of one
   *     {@code request}, or {@code pooled}, all rows of a call
   * @param spreadRows rows for one expert that a replica is given at least, before another replica
   *     of the same expert gets some
   */
  record Router(
      @DefaultValue("request") String grouping,
      @DefaultValue("" + DispatchLimits.SPREAD_ROWS) int spreadRows) {
    Router {
      if (spreadRows < 1 || spreadRows > 1 << 20) {
        throw new RefusedException(
            "expertmesh.router.spread-rows is " + spreadRows + ", must be from 1 to 1048576");
      }
    }
  }
}
