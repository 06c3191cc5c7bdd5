using System.Collections.Immutable;

namespace Quorleans.KeyValue;

public static partial class ControllerCodec
{
    /// <summary>Encodes an answer.</summary>
    /// <param name="answer">The answer.</param>
    public static byte[] Encode(ControllerAnswer answer)
    {
        PayloadWriter writer = Begin(Answer);
        switch (answer)
        {
            case ConfigurationAnswer configuration:
                writer.Byte(OfConfiguration);
                writer.Varint(configuration.First);
                writer.Byte((byte)(configuration.Configuration is null ? 0 : 1));
                if (configuration.Configuration is not null) Write(writer, configuration.Configuration);
                break;
            case MapAnswer map:
                writer.Byte(OfMap);
                writer.Varint(map.Revision);
                writer.Byte((byte)(map.Map is null ? 0 : 1));
                if (map.Map is not null) Write(writer, map.Map);
                break;
            case PlanAnswer plan:
                writer.Byte(OfPlan);
                Write(writer, plan.Result);
                writer.Varint((long)plan.Changes.Length);
                foreach (PlannedChange change in plan.Changes)
                {
                    writer.Varint((long)change.Shard.Value);
                    writer.Varint((long)change.From);
                    writer.Varint((long)change.To);
                    writer.Varint((long)change.Owner);
                }

                break;
            default:
                throw new ArgumentException("That is no answer.", nameof(answer));
        }

        return writer.ToArray();
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="answer">The answer; null when there is an error.</param>
    public static ValidationError TryRead(ReadOnlySpan<byte> payload, out ControllerAnswer? answer)
    {
        answer = null;
        var reader = new PayloadReader(payload);
        ValidationError error = CheckHeader(ref reader, Answer, "answer");
        if (error.IsError) return error;
        ControllerAnswer? read = reader.Byte() switch
        {
            OfConfiguration => ReadConfigurationAnswer(ref reader),
            OfMap => ReadMapAnswer(ref reader),
            OfPlan => ReadPlanAnswer(ref reader),
            _ => null,
        };
        if (read is null || !reader.AtEnd) return Broken("answer");
        answer = read;
        return default;
    }

    private static ConfigurationAnswer? ReadConfigurationAnswer(ref PayloadReader reader)
    {
        long first = reader.Varint();
        return reader.Byte() switch
        {
            0 => new ConfigurationAnswer(first, null),
            1 when ReadConfiguration(ref reader) is { } configuration => new ConfigurationAnswer(first, configuration),
            _ => null,
        };
    }

    private static MapAnswer? ReadMapAnswer(ref PayloadReader reader)
    {
        long revision = reader.Varint();
        return reader.Byte() switch
        {
            0 => new MapAnswer(revision, null),
            1 when ReadMap(ref reader) is { } map => new MapAnswer(revision, map),
            _ => null,
        };
    }

    private static PlanAnswer? ReadPlanAnswer(ref PayloadReader reader)
    {
        if (!Read(ref reader, out ControllerResult result)) return null;
        int count = Count(ref reader);
        ImmutableArray<PlannedChange>.Builder changes = ImmutableArray.CreateBuilder<PlannedChange>(Math.Min(count, ShardFunction.MaxShards));
        for (int i = 0; i < count && !reader.Failed; i++)
            changes.Add(new PlannedChange(new ShardId((int)reader.Varint(int.MaxValue)), ReadGid(ref reader), ReadGid(ref reader), ReadGid(ref reader)));
        return new PlanAnswer(result, changes.DrainToImmutable());
    }
}
