using System.Collections;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>The segments of a run of which one partition alone matters. Thousands of reduce tasks times thousands of runs are too many segments to hold.</summary>
internal sealed class OneSegment(int partition, RunSegment segment) : IReadOnlyList<RunSegment>
{
    public int Count => partition + 1;

    public RunSegment this[int index] => index == partition ? segment : default;

    /// <summary>Gives the one only: the others are empty.</summary>
    public IEnumerator<RunSegment> GetEnumerator()
    {
        yield return segment;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
