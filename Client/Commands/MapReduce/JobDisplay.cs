using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quorleans.Client.Commands;

/// <summary>Shows a job that runs: bars and rates on a terminal, nothing elsewhere, so that scripts see the result alone.</summary>
internal sealed class JobDisplay(ClientOutput output, Func<JobFigures> figures, TimeProvider time)
{
    private const int BarWidth = 24;
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMilliseconds(200);
    private readonly long _start = time.GetTimestamp();

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
        double seconds = Math.Max(0.001, time.GetElapsedTime(_start).TotalSeconds);
        List<IRenderable> lines =
        [
            Line($"[bold]{Markup.Escape(now.Name)}[/] {seconds:F1} s"),
            Line($"map    {Bar(now.MappedBytes, now.InputBytes)} {now.Maps.Done}/{now.Maps.All}  {now.MappedBytes / 1e6:F0} MB  {now.Records / seconds:F0} records/s  {now.MappedBytes / 1e6 / seconds:F0} MB/s"),
            Line($"reduce {Bar(now.Pairs.Done, now.Pairs.All)} {now.Reduces.Done}/{now.Reduces.All}  intermediate {now.SpilledBytes / 1e6:F0} MB  output {now.OutputBytes / 1e6:F0} MB"),
        ];
        if (now.Attempts.Length > 0) lines.Add(new Markup(Markup.Escape(now.Attempts)));
        if (now.Status.Length > 0) lines.Add(Line($"[dim]{Markup.Escape(TextEscaper.Escape(System.Text.Encoding.UTF8.GetBytes(now.Status)))}[/]"));
        return new Rows(lines);
    }

    private static Markup Line(FormattableString text) => new(text.ToString(CultureInfo.InvariantCulture));

    private static string Bar(long done, long all)
    {
        int filled = all <= 0 ? 0 : (int)Math.Clamp(done * BarWidth / all, 0, BarWidth);
        return $"[green]{new string('█', filled)}[/][grey]{new string('░', BarWidth - filled)}[/]";
    }
}
