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
            $"{Escape(report.Job)}: {report.InputFiles} files, {report.InputBytes / 1e6:F1} MB, {report.Records} records -> {report.Pairs} pairs, {report.Groups} keys -> {report.OutputRecords} records, {report.OutputBytes / 1e6:F1} MB in {report.Seconds:F2} s ({report.InputBytes / 1e6 / report.Seconds:F0} MB/s)"));
        foreach ((string counter, long value) in report.Counters) output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {Escape(counter)}: {value}"));
        if (report.BadRecords == 0) return;
        output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  skipped as bad: {report.BadRecords}, among them"));
        foreach (string place in report.BadRecordPlaces.Take(PlacesShown)) output.Out.WriteLine($"    {Escape(place)}");
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
