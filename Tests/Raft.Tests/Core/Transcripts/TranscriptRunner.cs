using System.Globalization;

namespace Quorleans.Raft.Tests;

/// <summary>Runs the commands of a transcript and returns the same text with the output that they really have. The commands stand in testdata/README.md.</summary>
internal sealed class TranscriptRunner
{
    private const string Indent = "    ";

    private readonly List<string> _lines = [];
    private TranscriptCluster? _cluster;

    /// <summary>Runs a whole transcript.</summary>
    /// <param name="text">Commands, comments and whatever output stands below the commands.</param>
    /// <returns>The text as it should be.</returns>
    internal static string Run(string text)
    {
        TranscriptRunner runner = new();
        List<string> result = [];
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith(Indent, StringComparison.Ordinal)) continue; // output of an earlier run
            result.Add(line);
            if (line.Length == 0 || line[0] == '#') continue;
            foreach (string output in runner.RunCommand(line)) result.Add(Indent + output);
        }

        return string.Join('\n', result) + "\n";
    }

    private List<string> RunCommand(string line)
    {
        _lines.Clear();
        try
        {
            Dispatch(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        catch (InvariantViolationException violated)
        {
            _lines.Add($"VIOLATED: {violated.Message}");
        }

        return _lines;
    }

    private void Dispatch(string[] words)
    {
        if (words[0] == "cluster")
        {
            _cluster = Create(words);
            return;
        }

        TranscriptCluster cluster = _cluster ?? throw new InvalidDataException("A transcript begins with 'cluster N'.");
        switch (words[0])
        {
            case "campaign": cluster.Campaign(Number(words, 1)); break;
            case "propose": cluster.Propose(Number(words, 1), words[2]); break;
            case "change": cluster.Change(Number(words, 1), ReadChange(cluster, words)); break;
            case "members": cluster.DescribeMembers(Number(words, 1)); break;
            case "read": cluster.Read(Number(words, 1), Number(words, 2)); break;
            case "transfer": cluster.Transfer(Number(words, 1), Number(words, 2)); break;
            case "tick": cluster.Tick(Number(words, 1), Number(words, 2, 1)); break;
            case "durable": cluster.Durable(Number(words, 1), Number(words, 2, int.MaxValue)); break;
            case "crash": cluster.Crash(Number(words, 1), Number(words, 2, 0)); break;
            case "restart": cluster.Start(Number(words, 1)); break;
            case "snapshot": cluster.Snapshot(Number(words, 1), Number(words, 2, 0)); break;
            case "load": cluster.Load(Number(words, 1)); break;
            case "deliver": cluster.Deliver(Link(words), words.Length < 3 ? int.MaxValue : words[2] == "last" ? -1 : Number(words, 2)); break;
            case "copy": cluster.Copy(Link(words)); break;
            case "drop": cluster.Drop(Link(words)); break;
            case "cut": (int from, int to) = Ends(words[1]); cluster.Cut(from, to); break;
            case "isolate": cluster.Isolate(Number(words, 1)); break;
            case "heal": cluster.Heal(); break;
            case "inflight": cluster.InFlight(); break;
            case "log": cluster.Log(Number(words, 1)); break;
            case "status": cluster.Status(); break;
            case "stabilize":
                cluster.Stabilize(words.Length > 1
                    ? [.. words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture))]
                    : [.. cluster.Members.Select(member => member.Id.Value)]);
                break;
            default: throw new InvalidDataException($"Unknown command '{words[0]}'.");
        }
    }

    private TranscriptCluster Create(string[] words)
    {
        RaftOptions options = new() { ElectionTicks = 10, HeartbeatTicks = 3, RetransmitTicks = 10 };
        (int learners, int spares) = (0, 0);
        foreach (string word in words.AsSpan(2))
        {
            string[] pair = word.Split('=');
            int value = int.Parse(pair[1], CultureInfo.InvariantCulture);
            if (pair[0] == "learners") learners = value;
            else if (pair[0] == "spares") spares = value;
            else if (pair[0] == "max-append") options = options with { MaxAppendBytes = value };
            else throw new InvalidDataException($"Unknown setting '{pair[0]}'.");
        }

        return new TranscriptCluster(Number(words, 1), learners, spares, options, _lines);
    }

    private static MembershipChange ReadChange(TranscriptCluster cluster, string[] words)
    {
        MembershipChange change = new() { Expected = cluster.Member(Number(words, 1)).Core.Membership.Index };
        foreach (string word in words.AsSpan(2))
        {
            string[] pair = word.Split('=');
            int value = pair.Length == 1 ? 0 : int.Parse(pair[1], CultureInfo.InvariantCulture);
            change = pair[0] switch
            {
                "add" => change with { Add = change.Add.Add(new NewMember($"n{value}", TranscriptCluster.Disk(value))) },
                "promote" => change with { Promote = change.Promote.Add(new MemberId(value)) },
                "remove" => change with { Remove = change.Remove.Add(new MemberId(value)) },
                "expected" => change with { Expected = new LogIndex(value) },
                "force" => change with { Force = true },
                _ => throw new InvalidDataException($"Unknown change '{word}'."),
            };
        }

        return change;
    }

    /// <summary>'1->2' is one link, '2' all that goes to 2, nothing everything.</summary>
    private static Func<RaftMessage, bool> Link(string[] words)
    {
        if (words.Length < 2) return _ => true;
        if (!words[1].Contains("->", StringComparison.Ordinal)) return message => message.To.Value == Number(words, 1);
        (int from, int to) = Ends(words[1]);
        return message => message.From.Value == from && message.To.Value == to;
    }

    private static (int From, int To) Ends(string link)
    {
        string[] ends = link.Split("->");
        return (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[1], CultureInfo.InvariantCulture));
    }

    private static int Number(string[] words, int at, int? otherwise = null) =>
        words.Length > at ? int.Parse(words[at], CultureInfo.InvariantCulture)
        : otherwise ?? throw new InvalidDataException($"'{words[0]}' needs a number.");
}
