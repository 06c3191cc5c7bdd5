using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quorleans.Client.Commands;

/// <summary>Shows a job that runs: bars and rates on a terminal, nothing elsewhere, so that scripts see the result alone.</summary>
internal sealed class JobDisplay(ClientOutput output, Func<JobFigures> figures, TimeProvider time)
{
    private const int TextWidth = 58, LeastBar = 10, MostBar = 40;
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMilliseconds(200);
    private readonly long _start = time.GetTimestamp();
    private readonly JobRate _mapped = new(), _records = new(), _reduced = new();

    /// <summary>Shows it until it ends; how it ended is the caller's to find out.</summary>
    public async Task ShowUntilAsync(Task job, bool json)
    {
        if (!output.IsTerminal || json)
        {
            await job.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return;
        }

        await output.Ansi.Live(Render()).AutoClear(true).StartAsync(async live =>
        {
            while (await Task.WhenAny(job, Task.Delay(RefreshEvery, time)) != job) live.UpdateTarget(Render());
        });
    }

    private Rows Render()
    {
        JobFigures now = figures();
        double seconds = (now.Elapsed ?? time.GetElapsedTime(_start)).TotalSeconds;
        bool isMapped = now.Maps.All > 0 && now.Maps.Done == now.Maps.All, isReduced = now.Reduces.All > 0 && now.Reduces.Done == now.Reduces.All;
        double bytes = _mapped.Next(seconds, now.MappedBytes, isMapped), records = _records.Next(seconds, now.Records, isMapped), pairs = _reduced.Next(seconds, now.ReducedPairs, isReduced);
        string attempts = now.Attempts.Length == 0 ? "" : $"{now.Attempts}, ";
        List<IRenderable> lines =
        [
            Line($"[bold]{Markup.Escape(now.Name)}[/]  {seconds:F1} s"),
            Line($"map    {Bar(now.InputBytes == 0 ? 0 : (double)now.MappedBytes / now.InputBytes, isMapped)}  {now.Maps.Done}/{now.Maps.All}  {now.MappedBytes / 1e6:F0} MB  {Count(records)} records/s  {bytes / 1e6:F0} MB/s"),
            Line($"reduce {Bar(now.Reduced, isReduced)}  {now.Reduces.Done}/{now.Reduces.All}  {now.OutputBytes / 1e6:F0} MB  {Count(pairs)} pairs/s"),
            Line($"[grey]{Markup.Escape(attempts)}intermediate {now.SpilledBytes / 1e6:F0} MB[/]"),
        ];
        if (now.Status.Length > 0) lines.Add(Line($"[dim]{Markup.Escape(TextEscaper.Escape(System.Text.Encoding.UTF8.GetBytes(now.Status)))}[/]"));
        return new Rows(lines);
    }

    private static Markup Line(FormattableString text) => new(text.ToString(CultureInfo.InvariantCulture));

    // Full when all is done, and not before: the last task may still write.
    private string Bar(double share, bool hasEnded)
    {
        int width = Math.Clamp(output.Ansi.Profile.Width - TextWidth, LeastBar, MostBar);
        share = hasEnded ? 1 : Math.Clamp(share, 0, 0.99);
        int filled = (int)(share * width);
        return string.Create(CultureInfo.InvariantCulture, $"[green]{new string('█', filled)}[/][grey]{new string('░', width - filled)}[/] {Math.Floor(share * 100),3:F0} %");
    }

    private static string Count(double number) => number switch
    {
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e6:F1} M"),
        >= 1e4 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e3:F0} k"),
        _ => number.ToString("F0", CultureInfo.InvariantCulture),
    };
}
