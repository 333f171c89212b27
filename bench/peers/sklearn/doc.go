// Package sklearn compares learn's boosted trees with scikit-learn's on the same splits of the same tables. It is a test only:
//
//	apt-get install python3-sklearn
//	RINGFENCE_SHARED=… go test -v ./bench/peers/sklearn
//
// It is skipped without the data or without scikit-learn.
package sklearn
