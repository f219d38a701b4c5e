package algebra

// shards is how many goroutines share large work. It is fixed, so that what is computed
// does not depend on the machine.
const shards = 8

// leastShard is the least work worth a goroutine.
const leastShard = 4096

// inShards calls f on consecutive ranges that make up [0, n), at once where n is large, and
// returns when all are done. Each range starts at a multiple of 64, so that the words of a
// bitmap fall to one of them; f must write to its own range only. A panic of f is raised here.
// This is the one place of the core that starts goroutines; none outlives its call.
func inShards(n int, f func(from, to int)) {
	if n < 2*leastShard {
		f(0, n)
		return
	}
	size := max(leastShard, (n+shards-1)/shards+63) &^ 63
	each((n+size-1)/size, func(i int) { f(i*size, min(n, (i+1)*size)) })
}

// each calls f on 0 to n-1, some at once, and returns when all are done.
func each(n int, f func(i int)) {
	panics := make(chan any, n)
	slots := make(chan struct{}, shards)
	for i := range n {
		slots <- struct{}{}
		go func() {
			defer func() {
				panics <- recover()
				<-slots
			}()
			f(i)
		}()
	}
	var raised any
	for range n {
		if p := <-panics; p != nil {
			raised = p
		}
	}
	if raised != nil {
		panic(raised)
	}
}
