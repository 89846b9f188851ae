// linear FILE …: checks with Porcupine whether what clients did to the logs of sessions, and what they saw, can be explained by one order
// of operations that agrees with real time. Prints a verdict for each file; exit code 0 when every history is linearisable, 1 when one is
// not, 2 when one cannot be read or decided, or there is nothing to check.
//
// A history has one JSON object a line, one for each operation:
//
//	{"client":0,"log":"c~d1","op":"post","call":12,"return":40,"text":"a","seq":3}
//	{"client":1,"log":"c~d1","op":"read","call":41,"return":44,"head":5,"posts":[{"seq":3,"text":"a"}]}
//
// Times are nanoseconds of one steady clock. A post without `return` was never answered (its client learnt "unknown"): it may have happened
// at any time after its call, or not at all; its number is the one under which it is read first. So is that of a post whose answer names no
// number, as a task or a decision; but it did happen, so that a history in which nobody reads it cannot be explained. Refused operations and
// reads without an answer are not in a history. A history of which more than a quarter of the posts was never answered shows nothing: almost
// any log would explain it, and who waits half a minute for each was not served.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type post struct {
	Seq  int64  `json:"seq"`
	Text string `json:"text"`
}

type operation struct {
	Client int    `json:"client"`
	Log    string `json:"log"`
	Op     string `json:"op"`
	Call   int64  `json:"call"`
	Return *int64 `json:"return"`
	Text   string `json:"text"`
	Seq    int64  `json:"seq"`
	Head   int64  `json:"head"`
	Posts  []post `json:"posts"`
}

// What the model says a log is: the posts of clients in their order, and the highest number known to be taken. Others (agents) write too,
// so that numbers may be passed over, but never come again.
type state struct {
	posts []post
	head  int64
}

func initial() interface{} { return state{} }

func step(before, input, output interface{}) (bool, interface{}) {
	now, done := before.(state), input.(operation)
	if done.Op == "post" {
		if done.Seq <= now.head {
			return false, before
		}
		return true, state{append(append([]post(nil), now.posts...), post{done.Seq, done.Text}), done.Seq}
	}
	if done.Head < now.head || len(done.Posts) != len(now.posts) {
		return false, before
	}
	for at, seen := range done.Posts {
		if seen != now.posts[at] {
			return false, before
		}
	}
	return true, state{now.posts, done.Head}
}

func equal(left, right interface{}) bool {
	a, b := left.(state), right.(state)
	if a.head != b.head || len(a.posts) != len(b.posts) {
		return false
	}
	for at := range a.posts {
		if a.posts[at] != b.posts[at] {
			return false
		}
	}
	return true
}

const leastAnswered = 0.75 // of all posts

type history struct {
	logs    map[string][]porcupine.Operation
	posts   int
	unknown int    // posts that were never answered
	unseen  string // the log of a post that was answered, and that nobody read
}

var model = porcupine.Model{Init: initial, Step: step, Equal: equal}

// By log. A post of unknown outcome that no read of its log shows did not happen, or not yet: it constrains nothing. One that is shown has
// that number, as if it had been answered: a read that shows another one cannot be explained.
func read(name string) (history, error) {
	found := history{logs: map[string][]porcupine.Operation{}}
	file, err := os.Open(name)
	if err != nil {
		return found, err
	}
	defer file.Close()
	var all []operation
	seen := map[string]int64{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var one operation
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return found, fmt.Errorf("line %d: %w", len(all)+1, err)
		}
		if one.Op != "post" && one.Op != "read" {
			return found, fmt.Errorf("line %d: no such operation: %q", len(all)+1, one.Op)
		}
		for _, shown := range one.Posts {
			if key := one.Log + "/" + shown.Text; seen[key] == 0 {
				seen[key] = shown.Seq
			}
		}
		all = append(all, one)
	}
	for _, one := range all {
		end := int64(math.MaxInt64)
		if one.Return != nil {
			end = *one.Return
		}
		if one.Op == "post" {
			found.posts++
			if one.Return == nil {
				found.unknown++
			}
			if one.Seq == 0 || one.Return == nil {
				one.Seq = seen[one.Log+"/"+one.Text]
			}
			if one.Seq == 0 {
				if one.Return != nil {
					found.unseen = one.Log
				}
				continue
			}
		}
		found.logs[one.Log] = append(found.logs[one.Log],
			porcupine.Operation{ClientId: one.Client, Input: one, Output: nil, Call: one.Call, Return: end})
	}
	return found, lines.Err()
}

// The verdict on one history, and the exit code that belongs to it.
func judge(found history) (string, int) {
	count := 0
	for _, operations := range found.logs {
		count += len(operations)
	}
	if count == 0 {
		return "nothing to check", 2
	}
	for log, operations := range found.logs {
		switch porcupine.CheckOperationsTimeout(model, operations, time.Minute) {
		case porcupine.Illegal:
			return "NOT LINEARISABLE (" + log + ")", 1
		case porcupine.Unknown:
			return "not decided within a minute (" + log + ")", 2
		}
	}
	if found.unseen != "" {
		return "NOT LINEARISABLE (" + found.unseen + ": what was answered is read by nobody)", 1
	}
	if float64(found.posts-found.unknown) < leastAnswered*float64(found.posts) {
		return "TOO FEW ANSWERED", 1
	}
	return "linearisable", 0
}

func main() {
	code := 0
	if len(os.Args) < 2 {
		fmt.Println("no history to check")
		code = 2
	}
	for _, name := range os.Args[1:] {
		found, err := read(name)
		if err != nil {
			fmt.Printf("%s: cannot be read: %v\n", name, err)
			code = 2
			continue
		}
		count := 0
		for _, operations := range found.logs {
			count += len(operations)
		}
		verdict, exit := judge(found)
		if exit > code {
			code = exit
		}
		fmt.Printf("%s: %d operations on %d logs, %d of %d posts of unknown outcome: %s\n",
			name, count, len(found.logs), found.unknown, found.posts, verdict)
	}
	os.Exit(code)
}
