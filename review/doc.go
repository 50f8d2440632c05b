// Package review writes the pages of docs that are generated: from the comments
// of the actions, the catalogue of claims, and the golden traces.
//
// [Pages] makes them, [Differences] compares them with a directory and [Write]
// brings the directory up to date. What a page says is either in the source or
// was measured: verdicts and numbers of states come from the file verdicts.json,
// which [Measure] makes by checking the scenarios of the catalogue.
package review
