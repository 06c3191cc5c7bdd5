using System.CommandLine;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary>A command that changes a group's members, and shows how far that is.</summary>
internal abstract class MembershipCommand : ClusterCommand
{
    private const string Common = "Cut off in the middle, it leaves a sound group, and the same command again carries it to its end. Exit status 1 when it is refused or does not get on.";
    private static readonly TimeSpan CatchUpPause = TimeSpan.FromSeconds(1);
    private readonly Argument<string> _group = Group();
    private readonly Option<bool> _force = new("--force")
    {
        Description = "Go on although the group will then have no majority that is alive, or a learner is behind. What that costs is said.",
    };

    private readonly Option<double> _patience = new("--patience")
    {
        Description = "How many seconds nothing may move before it gives up, 1 to 3600.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 30,
    };

    protected MembershipCommand(ClientContext context, string name, string description, string details, params string[] examples)
        : base(context, name, description, $"{details} {Common}", examples)
    {
        _patience.InRange(1, 3600);
        Add(_group);
        Add(_force);
        Add(_patience);
    }

    internal static Argument<string> Group() => new("GROUP") { Description = "The group's name, such as g1." };

    /// <summary>Makes one line of a refusal.</summary>
    internal static async Task<T> ExplainAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (MembershipException e)
        {
            throw new ClientException(e.CanBeForced ? $"{e.Message} (--force does it all the same)" : e.Message, e);
        }
    }

    /// <inheritdoc/>
    protected sealed override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        Reporter reporter = new(Output, Json(parsed), Context.Time);
        MembershipOptions options = new()
        {
            Force = parsed.GetValue(_force), Patience = TimeSpan.FromSeconds(parsed.GetRequiredValue(_patience)), Progress = reporter.Report,
        };
        return await ExplainAsync(async () =>
        {
            await ChangeAsync(parsed, cluster.Members, parsed.GetRequiredValue(_group), options, cancellationToken);
            return ExitCode.Ok;
        });
    }

    /// <summary>Does it.</summary>
    protected abstract Task ChangeAsync(ParseResult parsed, IGroupAdministrator members, string group, MembershipOptions options, CancellationToken cancellationToken);

    /// <summary>Says each thing once, and how a learner catches up once a second.</summary>
    internal sealed class Reporter(ClientOutput output, bool json, TimeProvider time)
    {
        private MembershipProgress? _last;
        private long _saidAt;

        public void Report(MembershipProgress progress)
        {
            if (progress == _last) return;
            bool catchesUp = progress.Step == MembershipStep.CatchingUp && _last?.Step == MembershipStep.CatchingUp;
            if (catchesUp && time.GetElapsedTime(_saidAt) < CatchUpPause) return;
            (_last, _saidAt) = (progress, time.GetTimestamp());
            if (json) Write(progress);
            else if (progress.Step == MembershipStep.Warning) output.Error.WriteLine($"warning: {progress.Text}");
            else output.Out.WriteLine(progress.Text);
        }

        private void Write(MembershipProgress progress) => output.WriteJson(line =>
        {
            line.WriteString("step", progress.Step.ToString());
            line.WriteString("text", progress.Text);
            if (progress.Step != MembershipStep.CatchingUp) return;
            line.WriteNumber("matchIndex", progress.Match);
            line.WriteNumber("lastIndex", progress.Last);
            if (progress.SnapshotBytes >= 0) line.WriteNumber("snapshotBytes", progress.SnapshotBytes);
        });
    }
}
