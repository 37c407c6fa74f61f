package io.expertmesh.router.app;

import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.RoutedModel;

/** What a router loads at its start. */
record RouterModel(RoutedModel model, Gates gates, Kernels kernels) {}
