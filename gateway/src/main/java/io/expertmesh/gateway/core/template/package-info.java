/** Chat templates: a small, bounded interpreter of the Jinja subset that checkpoints use. */
@NullMarked
package io.expertmesh.gateway.core.template;

import org.jspecify.annotations.NullMarked;
