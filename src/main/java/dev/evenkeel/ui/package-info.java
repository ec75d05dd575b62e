/**
 * A local page that shows the runs of a folder while they train, and stops them.
 *
 * <p>Order of use: {@link dev.evenkeel.ui.RunServer#start}, and close it at the end. It serves on
 * threads of its own; {@code close} may be called from any.
 *
 * <p>It answers on loopback unless told otherwise, to requests that name it by its own address only
 * (so no foreign name can be made to point to it), refuses what other sites send, and reads nothing
 * but the runs' own files.
 */
package dev.evenkeel.ui;
