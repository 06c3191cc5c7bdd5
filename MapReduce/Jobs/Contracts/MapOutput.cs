namespace Quorleans.MapReduce.Jobs;

/// <summary>Where the runs of a map task are.</summary>
/// <param name="Map">The map task's index.</param>
/// <param name="Attempt">The attempt that won.</param>
/// <param name="Tracker">Who holds it: the node's name.</param>
/// <param name="Incarnation">Of the tracker; a restarted one has nothing of what the one before had.</param>
/// <param name="Machine">The tracker's machine: on the same one the files are read directly.</param>
/// <param name="Endpoint">Where others fetch it, such as <c>http://10.0.0.1:8081</c>; empty when only the same machine can.</param>
/// <param name="Index">The path of the runs' index on the tracker's machine.</param>
/// <param name="Bytes">The size of the runs.</param>
public sealed record MapOutput(int Map, AttemptId Attempt, string Tracker, string Incarnation, string Machine, string Endpoint, string Index, long Bytes);
