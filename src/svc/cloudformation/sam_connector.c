/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Serverless::Connector.
 */
#include "svc/cloudformation/sam_int.h"

const struct sam_property sam_connector_properties[] = {
    {"Source", "!m"}, {"Destination", "!mL"}, {"Permissions", "!N"}, {NULL, NULL}};

void sam_connector(struct sam *s)
{
    sam_refuse(s, s->id, "AWS::Serverless::Connector is not supported.");
}

void sam_embedded_connectors(struct sam *s)
{
    for (uint32_t i = 0; i < s->resources->count; i++) {
        if (node_has(&s->resources->pairs[i].value, "Connectors")) {
            s->refused = false;
            sam_refuse(s, s->resources->pairs[i].key, "Connectors are not supported.");
        }
    }
}
