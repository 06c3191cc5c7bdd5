using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Answers reduce tasks of other machines, whatever web server it is behind.</summary>
/// <param name="root">The tracker's folder, with one for each job: nothing outside of it is ever opened.</param>
/// <param name="secretOf">A job's secret, which comes with the job's orders (<see cref="Jobs.TaskOrder.Secret"/>): who does not have it gets nothing of the job. Null: that job is not known.</param>
public sealed class MapOutputServer(string root, Func<string, string?> secretOf)
{
    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) + Path.DirectorySeparatorChar;

    /// <summary>The value of the header <c>Authorization</c> that goes with a secret.</summary>
    public static string Authorization(string secret) => $"Bearer {secret}";

    /// <summary>Answers.</summary>
    /// <param name="authorization">The request's header of that name.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="offset">How much of the answer the caller has already.</param>
    public MapOutputAnswer Answer(string? authorization, ReadOnlySpan<byte> body, long offset)
    {
        MapOutputRequest request;
        try
        {
            request = MapOutputRequest.FromJson(body);
        }
        catch (JsonException e)
        {
            return MapOutputAnswer.Refuse(400, e.Message);
        }

        if (request.Partition < 0 || request.Indexes.Count is 0 or > MapOutputRequest.MostIndexes || !request.Indexes.All(IsOurs)) return MapOutputAnswer.Refuse(400, "no such request is answered");
        string job = JobOf(request.Indexes[0]);
        if (!IsKnown(authorization, job) || request.Indexes.Any(index => JobOf(index) != job)) return MapOutputAnswer.Refuse(401, "unknown caller");
        List<IReadOnlyList<Run>> outputs = [];
        List<int> missing = [];
        for (int i = 0; i < request.Indexes.Count; i++)
        {
            if (TryRead(request.Indexes[i], request.Partition) is { } runs) outputs.Add(runs);
            else missing.Add(i);
        }

        if (missing.Count > 0) return MapOutputAnswer.Gone(missing);
        MapOutputAnswer answer = new(outputs, request.Partition, offset);
        return offset < 0 || offset > answer.WholeBytes ? MapOutputAnswer.Refuse(416, $"the answer has {answer.WholeBytes} bytes") : answer;
    }

    private bool IsOurs(string index) =>
        index is not null && index.StartsWith(_root, StringComparison.Ordinal) && Path.GetFileName(index) == RunIndex.FileName && Path.GetFullPath(index) == index;

    private string JobOf(string index) => index[_root.Length..].Split(Path.DirectorySeparatorChar, 2)[0];

    // The time that it takes tells nothing about the secret.
    private bool IsKnown(string? authorization, string job) => secretOf(job) is { Length: > 0 } secret
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization ?? ""), Encoding.UTF8.GetBytes(Authorization(secret)));

    private static IReadOnlyList<Run>? TryRead(string index, int partition)
    {
        try
        {
            IReadOnlyList<Run> runs = RunIndex.Read(index, partition);
            foreach (Run run in runs)
            {
                // Looked at now, so that a loss is said before anything is sent.
                RunSegment segment = run.Segments[partition];
                if (new FileInfo(run.Path) is not { Exists: true, Length: long length } || length < segment.Offset + segment.Bytes) return null;
            }

            return runs;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }
}
