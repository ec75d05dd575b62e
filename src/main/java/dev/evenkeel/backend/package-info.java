/** The contract of every numeric operation, and the choice of the device that runs it. */
package dev.evenkeel.backend;
