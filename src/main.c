/* SPDX-License-Identifier: Apache-2.0
 *
 * weir: event-driven AWS in one program. Everything begins in cli/.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
