/** What training makes small. */
package dev.evenkeel.loss;
