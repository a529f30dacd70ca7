/* SPDX-License-Identifier: Apache-2.0
 *
 * The transform's door: whether a template asks for it.
 */
#include "svc/cloudformation/sam.h"

#include "svc/cloudformation/sam_node.h"

bool sam_asked(const struct value *template)
{
    const struct value *transform = node_get(template, "Transform");

    for (uint32_t i = 0; node_is(transform, VALUE_LIST) && i < transform->count; i++) {
        if (node_is_text(&transform->items[i], SAM_TRANSFORM)) {
            return true;
        }
    }
    return node_is_text(transform, SAM_TRANSFORM);
}
