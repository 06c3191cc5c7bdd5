using System.Globalization;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary>How far a job is, wherever it runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="InputBytes">The input's size.</param>
/// <param name="MappedBytes">How much of it was mapped.</param>
/// <param name="Records">How many records were mapped.</param>
/// <param name="Maps">The map tasks, and those that are done.</param>
/// <param name="Reduces">The reduce tasks, and those that are done.</param>
/// <param name="Reduced">How much of reducing is done, from 0 to 1.</param>
/// <param name="ReducedPairs">How many pairs were reduced.</param>
/// <param name="SpilledBytes">The intermediate files.</param>
/// <param name="OutputBytes">The output.</param>
/// <param name="Attempts">What is to be said of attempts; empty when there is nothing.</param>
/// <param name="Elapsed">For how long it runs; null: it began when it was first looked at.</param>
/// <param name="Status">What user code said last, or what is waited for.</param>
internal sealed record JobFigures(
    string Name, long InputBytes, long MappedBytes, long Records, (int All, int Done) Maps, (int All, int Done) Reduces, double Reduced, long ReducedPairs,
    long SpilledBytes, long OutputBytes, string Attempts, TimeSpan? Elapsed, string Status)
{
    /// <summary>Of a job in this process.</summary>
    public static JobFigures Of(JobProgress progress) => new(
        progress.Job, progress.InputBytes, progress.MappedBytes, progress.Records, (progress.Maps, progress.MapsDone), (progress.Reduces, progress.ReducesDone),
        progress.Pairs == 0 ? 0 : (double)progress.ReducedPairs / progress.Pairs, progress.ReducedPairs, progress.SpilledBytes, progress.OutputBytes, "", null, progress.Status);

    /// <summary>Of a job on the cluster.</summary>
    public static JobFigures Of(JobView view)
    {
        string step = view.Steps > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({view.Step + 1} of {view.Steps})") : "";
        string backups = view.Backups == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {view.Backups} backups");
        return new JobFigures(
            $"{(view.Name.Length > 0 ? view.Name : view.Spec.Application)}{step} {view.Phase.ToString().ToLowerInvariant()}", view.InputBytes, view.MappedBytes, view.Records,
            (view.Maps, view.MapsDone), (view.Reduces, view.ReducesDone), view.Reduced, view.ReducedPairs, view.SpilledBytes, view.OutputBytes,
            string.Create(CultureInfo.InvariantCulture, $"attempts {view.Attempts}, {view.Running} running, {view.Retries} retried{backups}"),
            TimeSpan.FromMilliseconds(view.Milliseconds), view.Status);
    }
}
