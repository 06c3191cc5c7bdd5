using System.Globalization;
using Quorleans.MapReduce.Jobs;
using Spectre.Console;

namespace Quorleans.Client.Commands;

/// <summary>Writes jobs of the cluster, for people and for scripts.</summary>
internal static class JobTable
{
    /// <summary>A table of jobs.</summary>
    public static void Write(ClientOutput output, IReadOnlyList<JobView> jobs)
    {
        Table table = new Table { Border = output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        foreach (string name in (string[])["Job", "Application", "State"]) table.AddColumn(name);
        foreach (string name in (string[])["Maps", "Reduces", "Input", "Time"]) table.AddColumn(new TableColumn(name).RightAligned());
        table.AddColumn("Output");
        foreach (JobView job in jobs)
        {
            table.AddRow(
                Markup.Escape(job.Spec.Id), Markup.Escape(Path.GetFileName(job.Spec.Application)), job.Phase.ToString(),
                Text($"{job.MapsDone}/{job.Maps}"), Text($"{job.ReducesDone}/{job.Reduces}"), JobReports.Size(job.InputBytes), Text($"{job.Milliseconds / 1e3:F1} s"),
                Markup.Escape(JobReports.Escape(job.Spec.Output)));
        }

        output.Ansi.Write(table);
    }

    /// <summary>All of one job.</summary>
    public static void WriteDetails(ClientOutput output, JobView job)
    {
        Line("job", job.Spec.Id);
        Line("application", string.Join(' ', [job.Spec.Application, .. job.Spec.Arguments.Select(static argument => $"{argument.Key}={argument.Value}")]));
        foreach (string input in job.Spec.Inputs) Line("input", input);
        Line("output", job.Spec.Output);
        Line("state", $"{job.Phase}{(job.Steps > 1 ? Text($", step {job.Step + 1} of {job.Steps}") : "")}{(job.Name.Length > 0 ? $": {job.Name}" : "")}");
        if (job.Error is { } error) Line("error", error);
        Line("map", Text($"{job.MapsDone} of {job.Maps} tasks, {JobReports.Size(job.MappedBytes)} of {JobReports.Size(job.InputBytes)} in {job.InputFiles} file{(job.InputFiles == 1 ? "" : "s")}, {job.Records} records, {job.BadRecords} bad ones skipped, {job.Pairs} pairs"));
        Line("reduce", Text($"{job.ReducesDone} of {job.Reduces} tasks, {job.ReducedPairs} pairs, {JobReports.Size(job.OutputBytes)} written"));
        Line("attempts", Text($"{job.Attempts}, of which {job.Running} run; {job.Retries} failed or were lost, {job.Backups} were backups; intermediate {JobReports.Size(job.SpilledBytes)}"));
        Line("time", Text($"{job.Milliseconds / 1e3:F1} s, {job.Generation} coordinator{(job.Generation == 1 ? "" : "s")}"));
        if (job.Status.Length > 0) Line("status", job.Status);
        foreach (KeyValuePair<string, long> counter in job.Counters) Line("counter", Text($"{counter.Key}: {counter.Value}"));
        foreach (string failure in job.Failures) Line("failure", failure);

        void Line(string name, string text) => output.Out.WriteLine($"{name + ":",-13} {JobReports.Escape(text)}");
    }

    /// <summary>One job as a line of JSON.</summary>
    public static void WriteJson(ClientOutput output, JobView job) => output.WriteRaw([.. JobCodec.Encode(job), (byte)'\n']);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
