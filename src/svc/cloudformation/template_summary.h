/* SPDX-License-Identifier: Apache-2.0
 *
 * What GetTemplateSummary and ValidateTemplate tell of a template beside its parameters.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_TEMPLATE_SUMMARY_H
#define WEIR_SVC_CLOUDFORMATION_TEMPLATE_SUMMARY_H

#include "svc/cloudformation/template.h"

/* Lists are of texts, each once, in the template's order. */
struct template_summary {
    struct value types;        /* ResourceTypes */
    struct value transforms;   /* DeclaredTransforms */
    struct value capabilities; /* without which no stack is made */
    struct value told;         /* Capabilities as ValidateTemplate tells them: those, and what
                                * nested stacks may need when they are made */
    struct str reason;         /* CapabilitiesReason; STR_NONE: none is told */
};

/* Also of a template whose transforms are still to run: they need CAPABILITY_AUTO_EXPAND. */
struct template_summary template_summarize(const struct template *t, struct arena *arena);
/* The names of transforms that a document asks for, in order. */
struct value template_transforms(const struct value *document, struct arena *arena);

#endif
