/** The command line: options in, messages out, and no logic of its own. */
package dev.evenkeel.cli;
