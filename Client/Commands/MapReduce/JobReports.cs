using System.Globalization;
using Quorleans.MapReduce.Engine;

namespace Quorleans.Client.Commands;

/// <summary>Writes what a job did.</summary>
internal static class JobReports
{
    private const int PlacesShown = 3;

    /// <summary>Writes it, for a person or as JSON, one object a step.</summary>
    public static void Write(ClientOutput output, string folder, IReadOnlyList<JobReport> reports, bool json)
    {
        foreach (JobReport report in reports)
        {
            if (json) WriteJson(output, folder, report);
            else WriteText(output, report);
        }

        if (!json) output.Out.WriteLine($"output: {folder}");
    }

    /// <summary>A text of the user's in a line of ours.</summary>
    public static string Escape(string text) => TextEscaper.Escape(System.Text.Encoding.UTF8.GetBytes(text));

    private static void WriteText(ClientOutput output, JobReport report)
    {
        output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Escape(report.Job)}: {report.InputFiles} file{(report.InputFiles == 1 ? "" : "s")}, {Size(report.InputBytes)}, {report.Records} records -> {report.Pairs} pairs, {report.Groups} keys -> {report.OutputRecords} records, {Size(report.OutputBytes)} in {report.Seconds:F2} s{Rate(report)}"));
        foreach ((string counter, long value) in report.Counters) output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {Escape(counter)}: {value}"));
        if (report.BadRecords == 0) return;
        output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  skipped as bad: {report.BadRecords}, among them"));
        foreach (string place in report.BadRecordPlaces.Take(PlacesShown)) output.Out.WriteLine($"    {Escape(place)}");
    }

    /// <summary>A number of bytes.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
    };

    // Of a few bytes it says how long a job takes to begin, and nothing of its speed.
    private static string Rate(JobReport report)
    {
        const long few = 1_000_000;
        return report.InputBytes < few ? "" : string.Create(CultureInfo.InvariantCulture, $" ({report.InputBytes / 1e6 / report.Seconds:F0} MB/s)");
    }

    private static void WriteJson(ClientOutput output, string folder, JobReport report) => output.WriteJson(line =>
    {
        line.WriteString("job", report.Job);
        line.WriteString("output", folder);
        line.WriteNumber("inputFiles", report.InputFiles);
        line.WriteNumber("inputBytes", report.InputBytes);
        line.WriteNumber("records", report.Records);
        line.WriteNumber("badRecords", report.BadRecords);
        line.WriteNumber("pairs", report.Pairs);
        line.WriteNumber("groups", report.Groups);
        line.WriteNumber("outputRecords", report.OutputRecords);
        line.WriteNumber("outputBytes", report.OutputBytes);
        line.WriteNumber("seconds", Math.Round(report.Seconds, 3));
        line.WriteStartObject("counters");
        foreach ((string counter, long value) in report.Counters) line.WriteNumber(counter, value);
        line.WriteEndObject();
    });
}
